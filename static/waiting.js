// A page that waits looks again by itself, every `data-again` seconds, and shows what has changed.
"use strict";

const look = async () => {
  const answer = await fetch(location.href).catch(() => null);
  // a visit that is over has a page of its own, and so has what is not there any more
  if (answer && answer.status >= 400 && answer.status < 500) return location.reload();
  if (answer && answer.ok) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
  wait();
};

const show = (page) => {
  const [state, step] = ["state", "step"].map((id) => document.getElementById(id));
  const [newState, newStep] = ["state", "step"].map((id) => page.getElementById(id));
  // the same words set anew would be read out anew
  if (state.textContent !== newState.textContent) state.textContent = newState.textContent;
  step.replaceWith(document.adoptNode(newStep));
};

const wait = () => {
  const { again } = document.getElementById("step").dataset;
  if (again) setTimeout(look, again * 1000);
};

wait();
