// Prints for each PDF of a folder what pdf.js, the reader of Firefox, misses in its structure, parted by tabs.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

// Node.js 20 has none yet
Promise.withResolvers ??= () => {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
};
const { getDocument, VerbosityLevel } = await import("pdfjs-dist/legacy/build/pdf.mjs");
const folder = process.argv[2];

for (const name of readdirSync(folder).filter((each) => each.endsWith(".pdf")).sort()) {
  const data = new Uint8Array(readFileSync(join(folder, name)));
  const task = getDocument({ data, verbosity: VerbosityLevel.ERRORS, useSystemFonts: false });
  console.log([name, "pdf.js", ...(await complaints(await task.promise))].join("\t"));
  await task.destroy();
}

async function complaints(pdf) {
  const found = [];
  const roles = new Set();
  for (let number = 1; number <= pdf.numPages; number++) {
    const page = await pdf.getPage(number);
    const tree = await page.getStructTree();
    const told = new Set();
    if (tree) walk(tree, roles, told);
    for (const words of await unread(page, told)) found.push(`page ${number}: not in the structure: ${words}`);
  }
  for (const role of ["Document", "H1"]) if (!roles.has(role)) found.push(`no ${role}`);
  return found;
}

function walk(node, roles, told) {
  if (node.role) roles.add(node.role);
  if (node.type === "content") told.add(node.id);
  for (const child of node.children ?? []) walk(child, roles, told);
}

// Words on the page that whoever has it read aloud would not hear; what is marked as an artifact is meant so.
async function unread(page, told) {
  const open = [];
  const missed = [];
  for (const item of (await page.getTextContent({ includeMarkedContent: true })).items) {
    if (item.type === "beginMarkedContent" || item.type === "beginMarkedContentProps") open.push(item);
    else if (item.type === "endMarkedContent") open.pop();
    else if (item.str?.trim() && !open.some((mark) => mark.tag === "Artifact" || told.has(mark.id))) missed.push(item.str.trim());
  }
  return missed;
}
