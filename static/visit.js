// Says that a visit is about to end because nothing happens, lets it go on, and shows its end.
"use strict";

const ending = document.getElementById("ending");
const WARNED = 120;
let waiting = [];

const begin = (left) => {
  waiting.forEach(clearTimeout);
  ending.hidden = true;
  waiting = [
    setTimeout(() => { ending.hidden = false; }, Math.max(left - WARNED, left / 2) * 1000),
    setTimeout(leave, left * 1000),
  ];
};

// not a reload, which would send a form once more
const leave = () => location.replace(location.pathname + location.search);

ending.querySelector("a").addEventListener("click", async (event) => {
  event.preventDefault();
  const answer = await fetch(event.target.href).catch(() => null);
  if (answer && answer.ok) begin(Number(await answer.text()));
  else leave();
});

begin(Number(ending.dataset.left));
