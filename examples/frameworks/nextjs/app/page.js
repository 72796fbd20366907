import { user } from "../lib/portal.js";

export const dynamic = "force-dynamic"; // it says what webhooks have told meanwhile

// a plain form and a route: the browser follows the redirect to the portal by itself
export default function Account() {
  return (
    <>
      <p>{`Plan: ${user.plan}`}</p>
      <form method="post" action="/billing">
        <button>Manage billing</button>
      </form>
    </>
  );
}
