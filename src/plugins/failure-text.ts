// What a plugin threw while it was loaded, as one line with file and line: `geo.ts:3: TypeScript enum is not supported in strip-only mode`.

import { stripTypeScriptTypes } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { PluginFailure } from "./declarations.ts";

/** `texts`: the modules of the plugin, by file. */
export function failureText(error: unknown, entry: string, texts: ReadonlyMap<string, string>): string {
  if (!(error instanceof Error)) return `${entry}: threw ${String(error)}`;
  if (error instanceof PluginFailure) return `${entry}: ${error.message}`;
  const message = error.message.split("\n", 1)[0]!;
  const missing = /^Cannot find (module|package) '([^']*)' imported from (.*)$/.exec(message);
  if (missing !== null) {
    const file = withoutMark(missing[3]!);
    const name = missing[2]!;
    return `${file}${lineOfImport(texts.get(file), path.basename(withoutMark(name)))}: cannot find ${missing[1]} ${withoutMark(name)}`;
  }
  const place = placeIn(error.stack ?? "");
  if (place !== "") return `${place}: ${message}`;
  const parsed = error instanceof SyntaxError ? syntaxPlace(texts) : "";
  return parsed === "" ? `${entry}: ${message}` : parsed;
}

/** The first place of the stack that lies in a plugin, as `file:line`; "" when there is none. */
export function placeIn(stack: string): string {
  const found = /(file:\/\/[^\s()]*?)\?plugin=\d+:(\d+)/.exec(stack);
  return found === null ? "" : `${fileURLToPath(found[1]!)}:${found[2]}`;
}

/** V8 does not tell where a module is wrong; the parser that strips types does. "" when it finds nothing wrong. */
function syntaxPlace(texts: ReadonlyMap<string, string>): string {
  for (const [file, text] of texts) {
    if (file.endsWith(".json")) continue;
    try {
      stripTypeScriptTypes(text, { sourceUrl: `file://${file}?plugin=0` });
    } catch (error) {
      if (!(error instanceof Error)) continue;
      const place = placeIn(error.stack ?? "");
      return `${place === "" ? file : place}: ${error.message.split("\n", 1)[0]}`;
    }
  }
  return "";
}

function lineOfImport(text: string | undefined, name: string): string {
  const line = text?.split("\n").findIndex((one) => one.includes(name)) ?? -1;
  return line < 0 ? "" : `:${line + 1}`;
}

function withoutMark(name: string): string {
  return name.replace(/\?plugin=\d+$/, "");
}
