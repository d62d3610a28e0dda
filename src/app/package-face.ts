// Where the public face of this program lies: the module that plugins get as `skipper-proxy`.

/** Address of src/index.ts in a checkout; of dist/lib/index.js when the bundle runs, whose files lie two folders below the root. */
export function packageFace(): string {
  const isSource = import.meta.url.endsWith(".ts");
  return new URL(isSource ? "../index.ts" : "../lib/index.js", import.meta.url).href;
}
