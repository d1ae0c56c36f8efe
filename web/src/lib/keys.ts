/** Keys of the player, wherever nothing else wants them. */

import type { Player } from "../state/player.svelte";
import type { Viewport } from "../state/viewport.svelte";

const STEP = 1; // seconds
const LONG_STEP = 10;

export function handleKey(event: KeyboardEvent, player: Player, viewport: Viewport): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target as Element;
  if (target.closest("input, select, textarea, dialog")) return;
  const step = event.shiftKey ? LONG_STEP : STEP;
  switch (event.key) {
    case " ":
      if (target.closest("button, a, summary")) return; // the key of whatever has the focus
      player.toggle();
      break;
    case "ArrowLeft":
      player.step(-step);
      break;
    case "ArrowRight":
      player.step(step);
      break;
    case "Home":
      player.seek(0);
      break;
    case "End":
      player.seek(player.seconds);
      break;
    case "+":
    case "=":
      viewport.zoom(2, player.time);
      return;
    case "-":
      viewport.zoom(0.5, player.time);
      return;
    default:
      return;
  }
  event.preventDefault();
  viewport.follow(player.time);
}

/** After a click with the pointer the keys go back to the player, so that space plays. */
export function releaseFocus(event: MouseEvent): void {
  if (event.detail > 0) (event.currentTarget as HTMLElement).blur();
}
