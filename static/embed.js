// Shows the billing portal within this page. The app's server makes a session with `embed[origin]` and hands over its URL:
//
//     const portal = BillingPortal.embed("#billing", { url, onEvent: (event) => console.log(event.type) });
//     portal.remove();
//
// Events: { type: "page", page }, { type: "done", page } once a task is done, { type: "ended" } when the visit is over
// and the app should make another session.
"use strict";

(() => {
  const origin = new URL(document.currentScript.src).origin;

  const embed = (place, { url, title = "Billing", onEvent = () => {} }) => {
    const target = typeof place === "string" ? document.querySelector(place) : place;
    if (!target) throw new Error(`BillingPortal: there is no ${place} on this page.`);
    if (new URL(url).origin !== origin) throw new Error(`BillingPortal: the URL is not of ${origin}.`);
    const frame = document.createElement("iframe");
    frame.src = url;
    frame.title = title;
    frame.referrerPolicy = "origin";
    frame.style.cssText = "display:block;width:100%;height:24rem;border:0";
    const hear = (event) => {
      if (event.source !== frame.contentWindow || event.origin !== origin) return;
      const { source, ...told } = event.data ?? {};
      if (source !== "billing-portal") return;
      if (told.type === "height") frame.style.height = `${told.height}px`;
      else onEvent(told);
    };
    addEventListener("message", hear);
    target.replaceChildren(frame);
    return {
      frame,
      remove() {
        removeEventListener("message", hear);
        frame.remove();
      },
    };
  };

  window.BillingPortal = { embed };
})();
