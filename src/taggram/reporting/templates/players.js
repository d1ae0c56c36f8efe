// One player at a time: starting one stops the others, and goes on where they were.
const players = [...document.querySelectorAll("audio")];
let last = players[0];
for (const player of players) {
  player.addEventListener("play", () => {
    if (player === last) return;
    last.pause();
    if (!last.ended) player.currentTime = last.currentTime;
    last = player;
  });
}
