// A sample webhook receiver: verifies the signature, takes each event once, answers at once.
//
//     PORTAL_WEBHOOK_SECRET=whsec_… node examples/webhook_receiver.mjs 4242
//
// Events may arrive twice, always with the same id; a real receiver keeps the ids in its database, in the
// transaction in which it does the work. With the official library the check is one call:
// stripe.webhooks.constructEvent(body, signature, secret).
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const TOLERANCE = 300; // seconds between the clocks, after which a captured request is worth nothing
const secret = process.env.PORTAL_WEBHOOK_SECRET ?? "";
const seen = new Set();

function isGenuine(body, signature = "") {
  const parts = signature.split(",").map((part) => part.split("="));
  const moment = parts.find(([name]) => name === "t")?.[1] ?? "";
  if (!/^\d+$/.test(moment) || Math.abs(Date.now() / 1000 - Number(moment)) > TOLERANCE) return false;
  const expected = createHmac("sha256", secret).update(`${moment}.`).update(body).digest();
  return parts.some(([name, value = ""]) => {
    const given = Buffer.from(value, "hex");
    return name === "v1" && given.length === expected.length && timingSafeEqual(given, expected);
  });
}

function take(event) {
  console.log(event.id, event.type, event.data.object.id);
}

if (!secret || process.argv.length !== 3) {
  console.error("PORTAL_WEBHOOK_SECRET=whsec_… node examples/webhook_receiver.mjs 4242");
  process.exit(1);
}

createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  if (!isGenuine(body, request.headers["stripe-signature"])) {
    console.error("refused: the signature is not made with PORTAL_WEBHOOK_SECRET, or is old");
    return response.writeHead(400).end();
  }
  const event = JSON.parse(body);
  if (!seen.has(event.id)) {
    take(event);
    seen.add(event.id);
  }
  return response.writeHead(204).end();
}).listen(Number(process.argv[2]), "127.0.0.1");
