/** The part of a track that the timeline shows. */

const LEAST_SECONDS = 4;

export class Viewport {
  start = $state(0);
  end = $state(1);
  #seconds = $state(1);

  readonly span = $derived(this.end - this.start);
  readonly isZoomed = $derived(this.span < this.#seconds - 0.01);
  readonly canZoomIn = $derived(this.span > Math.min(LEAST_SECONDS, this.#seconds) + 0.01);
  readonly seconds = $derived(this.#seconds);

  /** Show the whole of a track. */
  reset(seconds: number): void {
    this.#seconds = Math.max(seconds, 0.01);
    this.#show(0, this.#seconds);
  }

  /** Show `factor` times less, around a time that keeps its place. */
  zoom(factor: number, centre: number): void {
    const span = Math.min(this.#seconds, Math.max(LEAST_SECONDS, this.span / factor));
    this.#show(centre - ((centre - this.start) / this.span) * span, span);
  }

  scrollTo(start: number): void {
    this.#show(start, this.span);
  }

  /** Turn the page when a time leaves the view. */
  follow(time: number): void {
    if (time < this.start || time > this.end) this.#show(time - this.span * 0.05, this.span);
  }

  /** Position of a time, 0 to 1 within the view. */
  fraction(time: number): number {
    return (time - this.start) / this.span;
  }

  time(fraction: number): number {
    return Math.min(this.#seconds, Math.max(0, this.start + fraction * this.span));
  }

  #show(start: number, span: number): void {
    const width = Math.min(span, this.#seconds);
    this.start = Math.min(this.#seconds - width, Math.max(0, start));
    this.end = this.start + width;
  }
}
