/** The audio element as reactive state: position, playing, loop. */

export class Player {
  time = $state(0);
  playing = $state(false);
  seconds = $state(0);
  loop = $state<[number, number] | null>(null);
  /** Set when the browser cannot play the audio. */
  failed = $state(false);
  #audio: HTMLAudioElement | null = null;
  #frame = 0;
  #source = "";

  /** Attach an audio element (a Svelte attachment). */
  attach = (audio: HTMLAudioElement): (() => void) => {
    this.#audio = audio;
    const events = new AbortController();
    const on = (name: string, handle: () => void) => audio.addEventListener(name, handle, { signal: events.signal });
    on("play", () => this.#follow());
    on("pause", () => this.#stop());
    on("ended", () => this.#stop());
    on("error", () => (this.failed = audio.hasAttribute("src")));
    return () => {
      events.abort();
      this.#stop();
      this.#audio = null;
    };
  };

  /** Load other audio at a position; goes on playing if it was. */
  load(source: string, seconds: number, time: number): void {
    if (!this.#audio || source === this.#source) return;
    const playing = this.playing;
    this.#source = source;
    this.failed = false;
    this.loop = null;
    this.seconds = seconds;
    this.#audio.src = source;
    this.seek(time);
    if (playing) void this.play();
  }

  unload(): void {
    this.#source = "";
    this.loop = null;
    this.time = 0;
    this.#audio?.pause();
    this.#audio?.removeAttribute("src");
  }

  async play(): Promise<void> {
    if (this.time >= this.seconds - 0.05) this.seek(this.loop?.[0] ?? 0);
    await this.#audio?.play().catch(() => {}); // refused, or paused meanwhile: both show in `playing`
  }

  toggle(): void {
    if (this.playing) this.#audio?.pause();
    else void this.play();
  }

  seek(time: number): void {
    this.time = Math.min(this.seconds, Math.max(0, time));
    if (this.#audio) this.#audio.currentTime = this.time;
  }

  step(seconds: number): void {
    this.seek(this.time + seconds);
  }

  #follow(): void {
    this.playing = true;
    const tick = () => {
      const audio = this.#audio;
      if (!audio) return;
      if (this.loop && audio.currentTime >= this.loop[1]) this.seek(this.loop[0]);
      else if (!audio.seeking) this.time = audio.currentTime;
      this.#frame = requestAnimationFrame(tick);
    };
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(tick);
  }

  #stop(): void {
    this.playing = false;
    cancelAnimationFrame(this.#frame);
    if (this.#audio && !this.#audio.seeking) this.time = Math.min(this.seconds, this.#audio.currentTime);
  }
}
