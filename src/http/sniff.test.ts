// The types that bodies are guessed to have (spec filters 7, WHATWG MIME Sniffing).

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SNIFF_LENGTH, sniffContentType } from "./sniff.ts";

const HTML = "text/html; charset=utf-8";
const TEXT = "text/plain; charset=utf-8";
const BINARY = "application/octet-stream";

const cases: readonly (readonly [body: string, type: string])[] = [
  ["", TEXT],
  ["hello", TEXT],
  ['{"a":1}', TEXT],
  ["<svg>", TEXT],
  ["<html><body>", HTML],
  ["<HtMl >", HTML],
  ["<html", TEXT],
  ["<htmlx>", TEXT],
  ["  \t\r\n\f<!DOCTYPE HTML>", HTML],
  ["\v<html>", BINARY],
  ["<a href>", HTML],
  ["<article>", TEXT],
  ["<script>", HTML],
  ["<!--x", HTML],
  ["<p\n>", TEXT],
  ["<p>", HTML],
  ['<?xml version="1.0"?>', "text/xml; charset=utf-8"],
  ["\n<?xml", "text/xml; charset=utf-8"],
  ["%PDF-1.4", "application/pdf"],
  [" %PDF-1.4", TEXT],
  ["%!PS-Adobe-3", "application/postscript"],
  ["\xfe\xffa", "text/plain; charset=utf-16be"],
  ["\xff\xfea", "text/plain; charset=utf-16le"],
  ["\xef\xbb\xbf\x00", TEXT],
  ["GIF89a", "image/gif"],
  ["\x89PNG\r\n\x1a\n", "image/png"],
  ["\xff\xd8\xff\xe0", "image/jpeg"],
  ["BM\x00", "image/bmp"],
  ["RIFF\x00\x00\x00\x00WEBPVP8", "image/webp"],
  ["RIFF\x01\x02\x03\x04WAVE", "audio/wave"],
  ["RIFF\x01\x02\x03\x04AVI ", "video/avi"],
  ["RIFF\x01\x02\x03\x04XXXX", BINARY],
  ["FORM\x00\x00\x00\x00AIFF", "audio/aiff"],
  ["ID3\x03", "audio/mpeg"],
  ["OggS\x00", "application/ogg"],
  ["MThd\x00\x00\x00\x06", "audio/midi"],
  ["\x00\x00\x00\x10ftypmp42\x00\x00\x00\x00", "video/mp4"],
  ["\x00\x00\x00\x14ftypisom\x00\x00\x00\x00mp41", "video/mp4"],
  ["\x00\x00\x00\x14ftypisom\x00\x00\x00\x00isom", BINARY],
  ["\x1a\x45\xdf\xa3", "video/webm"],
  ["\x00\x01\x00\x00", "font/ttf"],
  ["OTTO", "font/otf"],
  ["ttcf", "font/collection"],
  ["wOFF", "font/woff"],
  ["wOF2", "font/woff2"],
  [`${"\x00".repeat(34)}LP`, "application/vnd.ms-fontobject"],
  ["\x1f\x8b\x08", "application/x-gzip"],
  ["PK\x03\x04", "application/zip"],
  ["PK plain", TEXT],
  ["Rar!\x1a\x07\x00", "application/x-rar-compressed"],
  ["\x00asm", "application/wasm"],
  ["\x1b[31mred", TEXT],
  ["a\x00", BINARY],
  ["\u00c3\u00a4", TEXT],
  [`${"a".repeat(SNIFF_LENGTH)}\x00`, TEXT],
];

for (const [body, type] of cases) {
  test(`${JSON.stringify(body.slice(0, 24))} is ${type}`, () => assert.equal(sniffContentType(body), type));
}

test("any bytes have a type", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      assert.match(
        sniffContentType(Buffer.from(bytes).toString("latin1")),
        /^[a-z]+\/[a-z0-9.-]+(; charset=utf-(8|16be|16le))?$/,
      );
    }),
  );
});
