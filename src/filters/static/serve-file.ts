// One request for a file: finds it, decides between content, list, redirect and error, and serves it (spec filters 7.1).

import type { Stats } from "node:fs";
import { SNIFF_LENGTH, sniffContentType } from "../../http/sniff.ts";
import type { FilterContext } from "../../spec/context.ts";
import { stat } from "../../util/lazy-files.ts";
import { areWorthwhile, type ByteRange, parseByteRanges } from "./byte-ranges.ts";
import { contentTypeOf } from "./content-type.ts";
import { fileBody, fileStart, multipartBody } from "./file-body.ts";
import { hasIndex, listDirectory, reference } from "./listing.ts";
import { checkPreconditions } from "./preconditions.ts";

const INDEX = "/index.html";

/** Serves what the path behind `prefix` names below `root`. */
export async function serveFile(ctx: FilterContext, prefix: string, root: Buffer): Promise<void> {
  const path = ctx.request.path;
  if (!path.startsWith(prefix)) return serveError(ctx, 404, "404 page not found");
  const asked = withSlash(path.slice(prefix.length));
  if (asked.endsWith(INDEX)) return redirect(ctx, "./");
  const clean = cleanPath(asked);
  let file = Buffer.concat([root, Buffer.from(clean === "/" ? "" : clean, "latin1")]);
  try {
    let found = await stat(file);
    const slash = asked.endsWith("/");
    if (clean === "/" && !found.isDirectory()) {
      if (root.toString("latin1").endsWith(INDEX)) return redirect(ctx, "../");
      return serveError(ctx, 500, "500 Internal Server Error");
    }
    if (found.isDirectory() && !slash) return redirect(ctx, reference(`${lastSegment(asked)}/`));
    if (!found.isDirectory() && slash) return redirect(ctx, reference(`../${lastSegment(clean)}`));
    if (found.isDirectory()) {
      if (!(await hasIndex(file))) return await serveList(ctx, file, found);
      file = Buffer.concat([file, Buffer.from(INDEX)]);
      found = await stat(file);
    }
    await serveContent(ctx, file, found);
  } catch (error) {
    serveFailure(ctx, error);
  }
}

function withSlash(path: string): string {
  return path.startsWith("/") ? path : `/${path}`;
}

/** The path without empty, `.` and `..` segments; it cannot lead out of the directory. */
function cleanPath(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  return `/${segments.join("/")}`;
}

function lastSegment(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

async function serveList(ctx: FilterContext, directory: Buffer, found: Stats): Promise<void> {
  const { status } = checkPreconditions(ctx.request.method, ctx.request.headers, found.mtimeMs);
  const modified = ["Last-Modified", new Date(found.mtimeMs).toUTCString()] as const;
  if (status === 304) return ctx.serve(304, [modified], null);
  ctx.serve(200, [["Content-Type", "text/html; charset=utf-8"], modified], await listDirectory(directory));
}

async function serveContent(ctx: FilterContext, file: Buffer, found: Stats): Promise<void> {
  if (!found.isFile()) return serveError(ctx, 500, "500 Internal Server Error");
  const { method, headers } = ctx.request;
  const modified = ["Last-Modified", new Date(found.mtimeMs).toUTCString()] as const;
  const verdict = checkPreconditions(method, headers, found.mtimeMs);
  if (verdict.status !== 0) return ctx.serve(verdict.status, [modified], null);
  const size = found.size;
  const type = contentTypeOf(file.toString("latin1")) ?? sniffContentType(await fileStart(file, SNIFF_LENGTH));
  const shared = [["Accept-Ranges", "bytes"], modified] as const;
  const rangeHeader = verdict.rangeAllowed ? headers.get("Range") : undefined;
  if (rangeHeader && size > 0) {
    const ranges = parseByteRanges(rangeHeader, size);
    if (ranges === "malformed") return serveError(ctx, 416, "invalid range");
    if (ranges.length === 0) {
      const unsatisfied = [["Content-Range", `bytes */${size}`]] as const;
      return serveError(ctx, 416, "invalid range: failed to overlap", unsatisfied);
    }
    if (areWorthwhile(ranges, size)) return servePart(ctx, file, ranges, size, type, shared);
  }
  const body = method === "HEAD" || size === 0 ? null : await fileBody(file, { first: 0, last: size - 1 });
  ctx.serve(200, [["Content-Type", type], ["Content-Length", String(size)], ...shared], body);
}

type HeaderPairs = readonly (readonly [string, string])[];

async function servePart(
  ctx: FilterContext,
  file: Buffer,
  ranges: readonly ByteRange[],
  size: number,
  type: string,
  shared: HeaderPairs,
): Promise<void> {
  const head = ctx.request.method === "HEAD";
  const single = ranges[0]!;
  if (ranges.length === 1) {
    const length = single.last - single.first + 1;
    const headers = [
      ["Content-Type", type],
      ["Content-Range", contentRange(single, size)],
      ["Content-Length", String(length)],
      ...shared,
    ] as const;
    return ctx.serve(206, headers, head ? null : await fileBody(file, single));
  }
  const boundary = crypto.randomUUID();
  const parts = ranges.map((range, i) => ({
    head: `${i === 0 ? "" : "\r\n"}--${boundary}\r\nContent-Range: ${contentRange(range, size)}\r\nContent-Type: ${type}\r\n\r\n`,
    range,
  }));
  const tail = `\r\n--${boundary}--\r\n`;
  let length = tail.length;
  for (const part of parts) length += part.head.length + part.range.last - part.range.first + 1;
  const headers = [
    ["Content-Type", `multipart/byteranges; boundary=${boundary}`],
    ["Content-Length", String(length)],
    ...shared,
  ] as const;
  ctx.serve(206, headers, head ? null : multipartBody(file, parts, tail));
}

function contentRange(range: ByteRange, size: number): string {
  return `bytes ${range.first}-${range.last}/${size}`;
}

function redirect(ctx: FilterContext, location: string): void {
  const query = ctx.request.rawQuery;
  ctx.serve(301, [["Location", query === "" ? location : `${location}?${query}`]], null);
}

function serveFailure(ctx: FilterContext, error: unknown): void {
  const code = error instanceof Error && "code" in error ? error.code : "";
  // A name with a NUL byte (ERR_INVALID_ARG_VALUE) or one that is too long cannot exist.
  if (code === "ENOENT" || code === "ENOTDIR" || code === "ENAMETOOLONG" || code === "ERR_INVALID_ARG_VALUE") {
    serveError(ctx, 404, "404 page not found");
  } else if (code === "EACCES" || code === "EPERM") {
    serveError(ctx, 403, "403 Forbidden");
  } else {
    serveError(ctx, 500, "500 Internal Server Error");
  }
}

function serveError(ctx: FilterContext, status: number, text: string, headers: HeaderPairs = []): void {
  ctx.serve(
    status,
    [["Content-Type", "text/plain; charset=utf-8"], ["X-Content-Type-Options", "nosniff"], ...headers],
    `${text}\n`,
  );
}
