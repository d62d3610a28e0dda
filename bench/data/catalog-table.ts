// A very large table of exact paths in one file: 800,000 routes, 129 MB, 161 bytes each with its newline, so that one route can
// be found and changed in place.

import { closeSync, openSync, writeSync } from "node:fs";

const routeBytes = 161;
const fullCount = 800_000;
const linesPerWrite = 20_000;

export interface CatalogTable {
  readonly file: string;
  readonly count: number;
}

/** The path of route number `index`. */
export function catalogPath(index: number): string {
  return `/shops/s${String(index % 5000).padStart(4, "0")}/items/i${String(index).padStart(6, "0")}`;
}

/** One line; `tag` (six characters) is what the route sends back as X-Tag. */
function catalogLine(index: number, tag: string, backendPort: number): string {
  const id = `r${String(index).padStart(6, "0")}`;
  const text = `${id}: Path("${catalogPath(index)}") -> setRequestHeader("X-Route", "${index}") -> setResponseHeader("X-Tag", "${tag}") -> "http://127.0.0.1:${backendPort}";`;
  return `${text.padEnd(routeBytes - 1)}\n`;
}

/** Writes the table; `scale` is the share of its routes. */
export function writeCatalogTable(file: string, backendPort: number, scale = 1): CatalogTable {
  const count = Math.round(fullCount * scale);
  const out = openSync(file, "w");
  for (let from = 0; from < count; from += linesPerWrite) {
    const lines: string[] = [];
    for (let i = from; i < Math.min(count, from + linesPerWrite); i++)
      lines.push(catalogLine(i, "tag000", backendPort));
    writeSync(out, lines.join(""));
  }
  closeSync(out);
  return { file, count };
}

/** Changes the tag of one route in the file as it stands. */
export function changeInPlace(table: CatalogTable, index: number, tag: string, backendPort: number): void {
  const out = openSync(table.file, "r+");
  writeSync(out, Buffer.from(catalogLine(index, tag, backendPort)), 0, routeBytes, index * routeBytes);
  closeSync(out);
}
