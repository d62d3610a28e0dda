// The page that lists a directory (spec filters 7.1).

import { encodePath } from "../../http/path.ts";
import { opendir, stat } from "../../util/lazy-files.ts";

const HEAD = '<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n';

/** The page for a directory, as a byte string; entries in order of their bytes, directories with a final slash. */
export async function listDirectory(path: Buffer): Promise<string> {
  const names: string[] = [];
  // The names are read as bytes, so that those that are no UTF-8 can be asked for too.
  const directory = await opendir(path, { encoding: "latin1" });
  for await (const entry of directory) names.push(entry.isDirectory() ? `${entry.name}/` : entry.name);
  names.sort((a, b) => (a < b ? -1 : 1));
  let page = HEAD;
  for (const name of names) page += `<a href="${escapeHtml(reference(name))}">${escapeHtml(name)}</a>\n`;
  return `${page}</pre>\n`;
}

/** A relative reference to a name (a byte string); one with a colon would be read as a scheme. */
export function reference(name: string): string {
  const encoded = encodePath(name);
  return encoded.includes(":") || encoded.startsWith("//") ? `./${encoded}` : encoded;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&#34;")
    .replaceAll("'", "&#39;");
}

/** True when there is a readable index page in the directory. */
export async function hasIndex(path: Buffer): Promise<boolean> {
  try {
    return (await stat(Buffer.concat([path, Buffer.from("/index.html")]))).isFile();
  } catch {
    return false;
  }
}
