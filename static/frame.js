// Within a page of the merchant: tells it how high this page is, which it is, and what came of it.
"use strict";

const { embedder, told } = document.documentElement.dataset;
const tell = (message) => parent.postMessage({ source: "billing-portal", ...message }, embedder);

new ResizeObserver(() => tell({ type: "height", height: Math.ceil(document.body.getBoundingClientRect().height) }))
  .observe(document.body);
const [, first, , below] = location.pathname.split("/");
tell({ type: told, page: first === "p" ? below || "home" : first });
