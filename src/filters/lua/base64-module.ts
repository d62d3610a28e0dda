// The module base64 of scripts (spec filters 13): the standard alphabet with padding, line ends ignored.

import { stringArg } from "../../lua/arguments.ts";
import type { Library } from "../../lua/library.ts";

const ALPHABET = /^[A-Za-z0-9+/]*={0,2}$/;

export const base64Module: Library = {
  name: "base64",
  functions: {
    encode(args, m) {
      const text = stringArg(args, 0);
      m.charge(text.length >> 3);
      m.alloc(text.length * 2);
      return Buffer.from(text, "latin1").toString("base64");
    },
    decode(args, m) {
      const text = stringArg(args, 0).replaceAll(/[\r\n]/g, "");
      m.charge(text.length >> 3);
      m.alloc(text.length);
      if (text.length % 4 !== 0 || !ALPHABET.test(text)) return [undefined, "illegal base64 data"];
      return Buffer.from(text, "base64").toString("latin1");
    },
  },
};
