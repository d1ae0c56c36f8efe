/** Points of the map: which one is near, and how far the view is zoomed in. */

export interface View {
  /** Centre of the view on the map, whose sides go from -1 to 1. */
  x: number;
  y: number;
  /** 1 shows the whole map. */
  zoom: number;
}

export const WHOLE: View = { x: 0, y: 0, zoom: 1 };
const MOST = 40;
const MARGIN = 0.94; // of the view is filled by the whole map

/** Pixels per unit of the map. */
export function scaleOf({ zoom }: View, width: number, height: number): number {
  return (Math.min(width, height) / 2) * MARGIN * zoom;
}

/** Zoom by a factor around a point of the map that stays where it is. */
export function zoomAt(view: View, factor: number, x: number, y: number): View {
  const zoom = Math.min(MOST, Math.max(1, view.zoom * factor));
  if (zoom === 1) return WHOLE;
  const ratio = view.zoom / zoom;
  return within({ x: x - (x - view.x) * ratio, y: y - (y - view.y) * ratio, zoom });
}

/** Move the view by units of the map, but not beyond it. */
export function moveBy(view: View, x: number, y: number): View {
  return within({ ...view, x: view.x + x, y: view.y + y });
}

function within(view: View): View {
  const most = 1 - 1 / view.zoom;
  const clip = (value: number) => Math.min(most, Math.max(-most, value));
  return { ...view, x: clip(view.x), y: clip(view.y) };
}

interface Points {
  x: number[];
  y: number[];
}

/** Index of the point nearest to a place, at most so far away; -1 if there is none. */
export function nearest({ x, y }: Points, atX: number, atY: number, most: number): number {
  let best = -1;
  let least = most ** 2;
  for (let i = 0; i < x.length; i++) {
    const distance = ((x[i] ?? 0) - atX) ** 2 + ((y[i] ?? 0) - atY) ** 2;
    if (distance > least) continue;
    least = distance;
    best = i;
  }
  return best;
}

/** Index of the nearest point in a direction from another; that one itself if there is none. */
export function nextTowards({ x, y }: Points, from: number, toX: number, toY: number): number {
  let best = from;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < x.length; i++) {
    const dx = (x[i] ?? 0) - (x[from] ?? 0);
    const dy = (y[i] ?? 0) - (y[from] ?? 0);
    const ahead = dx * toX + dy * toY;
    const aside = Math.abs(dx * toY - dy * toX);
    if (ahead <= 0 || aside > ahead) continue;
    const distance = ahead + 2 * aside;
    if (distance >= least) continue;
    least = distance;
    best = i;
  }
  return best;
}
