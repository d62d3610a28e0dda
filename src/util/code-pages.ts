// Single byte character sets, for encoding Unicode text into them: those that the Encoding standard knows come from TextDecoder, the
// old ones of IBM stand here. A table is made when its set is first asked for.

/** 0xb0 to 0xff of the first PC code page and its western sisters. */
const PC_UPPER = "░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩" + "≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\xa0";

const codePage850 =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐" +
  "└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\xad±‗¾¶§÷¸°¨·¹³²■\xa0";

/** All 256 characters of the EBCDIC of the United States. */
const ebcdic037 =
  "\x00\x01\x02\x03\x9c\x09\x86\x7f\x97\x8d\x8e\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x9d\x85\x08\x87\x18\x19\x92\x8f\x1c\x1d\x1e\x1f\x80\x81\x82\x83\x84\x0a\x17\x1b\x88\x89\x8a\x8b\x8c\x05\x06\x07\x90\x91\x16\x93\x94\x95\x96\x04\x98\x99\x9a\x9b\x14\x15\x9e\x1a" +
  " \xa0âäàáãåçñ¢.<(+|&éêëèíîïìß!$*);¬-/ÂÄÀÁÃÅÇÑ¦,%_>?øÉÊËÈÍÎÏÌ`:#@'=\"" +
  "Øabcdefghi«»ðýþ±°jklmnopqrªºæ¸Æ¤µ~stuvwxyz¡¿ÐÝÞ®^£¥·©§¶¼½¾[]¯¨´×" +
  "{ABCDEFGHI\xadôöòóõ}JKLMNOPQR¹ûüùúÿ\\÷STUVWXYZ²ÔÖÒÓÕ0123456789³ÛÜÙÚ\x9f";

/** Open systems put brackets and caret elsewhere. */
const ebcdic1047 = put(ebcdic037, { 95: "^", 173: "[", 176: "¬", 186: "Ý", 187: "¨", 189: "]" });

/** The characters of a set from 0x80 on; all 256 for one that is no extension of ASCII. */
const TABLES: Readonly<Record<string, string>> = {
  CodePage037: ebcdic037,
  CodePage1047: ebcdic1047,
  CodePage1140: put(ebcdic037, { 159: "€" }),
  CodePage437: `ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»${PC_UPPER}`,
  CodePage850: codePage850,
  CodePage852:
    "ÇüéâäůćçłëŐőîŹÄĆÉĹĺôöĽľŚśÖÜŤťŁ×čáíóúĄąŽžĘę¬źČş«»░▒▓│┤ÁÂĚŞ╣║╗╝Żż┐" +
    "└┴┬├─┼Ăă╚╔╩╦╠═╬¤đĐĎËďŇÍÎě┘┌█▄ŢŮ▀ÓßÔŃńňŠšŔÚŕŰýÝţ´\xad˝˛ˇ˘§÷¸°¨˙űŘř■\xa0",
  CodePage855:
    "ђЂѓЃёЁєЄѕЅіІїЇјЈљЉњЊћЋќЌўЎџЏюЮъЪаАбБцЦдДеЕфФгГ«»░▒▓│┤хХиИ╣║╗╝йЙ┐" +
    "└┴┬├─┼кК╚╔╩╦╠═╬¤лЛмМнНоОп┘┌█▄Пя▀ЯрРсСтТуУжЖвВьЬ№\xadыЫзЗшШэЭщЩчЧ§■\xa0",
  CodePage858: put(codePage850, { 85: "€" }),
  CodePage860: `ÇüéâãàÁçêÊèÍÔìÃÂÉÀÈôõòÚùÌÕÜ¢£Ù₧ÓáíóúñÑªº¿Ò¬½¼¡«»${PC_UPPER}`,
  CodePage862: `אבגדהוזחטיךכלםמןנסעףפץצקרשת¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»${PC_UPPER}`,
  CodePage863: `ÇüéâÂà¶çêëèïî‗À§ÉÈÊôËÏûù¤ÔÜ¢£ÙÛƒ¦´óú¨¸³¯Î⌐¬½¼¾«»${PC_UPPER}`,
  CodePage865: `ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø₧ƒáíóúñÑªº¿⌐¬½¼¡«¤${PC_UPPER}`,
};

/** Sets that are the first half of Unicode, with some characters in place of others. */
const LATIN: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  ISO8859_1: {},
  ISO8859_9: { 80: "Ğ", 93: "İ", 94: "Ş", 112: "ğ", 125: "ı", 126: "ş" },
};

/** What the Encoding standard calls them. */
const STANDARD: Readonly<Record<string, string>> = {
  CodePage866: "ibm866",
  ...numbered("ISO8859_", "iso-8859-", [2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16]),
  KOI8R: "koi8-r",
  KOI8U: "koi8-u",
  Macintosh: "macintosh",
  MacintoshCyrillic: "x-mac-cyrillic",
  ...numbered("Windows", "windows-", [874, 1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258]),
};

/** The names of all sets, sorted. */
export const codePageNames: readonly string[] = [TABLES, LATIN, STANDARD].flatMap((sets) => Object.keys(sets)).sort();

/** Byte of each character that the set has. */
export type CodePage = ReadonlyMap<string, number>;

/** The sets that were asked for, at most all. */
const made = new Map<string, CodePage>();

/** A set by its name, null for an unknown one. */
export function codePage(name: string): CodePage | null {
  const known = made.get(name);
  if (known !== undefined) return known;
  const characters = charactersOf(name);
  if (characters === null) return null;
  const page = new Map<string, number>();
  const first = 256 - characters.length;
  for (let c = 0; c < first; c++) page.set(String.fromCharCode(c), c);
  for (let i = 0; i < characters.length; i++) if (characters[i] !== "\ufffd") page.set(characters[i]!, first + i);
  made.set(name, page);
  return page;
}

/** Unicode text as a byte string in the set; null when the set lacks one of its characters. */
export function encodeCodePage(page: CodePage, text: string): string | null {
  let out = "";
  for (const character of text) {
    const byte = page.get(character);
    if (byte === undefined) return null;
    out += String.fromCharCode(byte);
  }
  return out;
}

function charactersOf(name: string): string | null {
  if (Object.hasOwn(TABLES, name)) return TABLES[name]!;
  const upper = Uint8Array.from({ length: 128 }, (_, i) => 128 + i);
  if (Object.hasOwn(LATIN, name)) return put(Buffer.from(upper).toString("latin1"), LATIN[name]!);
  return Object.hasOwn(STANDARD, name) ? new TextDecoder(STANDARD[name]).decode(upper) : null;
}

/** `characters` with others at some places. */
function put(characters: string, others: Readonly<Record<number, string>>): string {
  return Array.from(characters, (character, i) => others[i] ?? character).join("");
}

function numbered(prefix: string, standardPrefix: string, numbers: readonly number[]): Record<string, string> {
  return Object.fromEntries(numbers.map((n) => [`${prefix}${n}`, `${standardPrefix}${n}`]));
}
