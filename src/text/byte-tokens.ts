/**
 * The bytes that a token stands for in GPT-2's alphabet, where every byte has a printable character
 * (https://github.com/openai/gpt-2/blob/master/src/encoder.py). Undefined for a token outside that alphabet.
 */
export function bytesOf(token: string): Uint8Array | undefined {
  const bytes = new Uint8Array(token.length);
  for (let i = 0; i < token.length; i++) {
    const byte = byteByCharacter.get(token[i]!);
    if (byte === undefined) return undefined;
    bytes[i] = byte;
  }
  return bytes;
}

/** The byte of a token like `<0x0A>`; undefined for any other token. */
export function byteOf(token: string): Uint8Array | undefined {
  return /^<0x[0-9A-Fa-f]{2}>$/.test(token)
    ? Uint8Array.of(Number.parseInt(token.slice(3, 5), 16))
    : undefined;
}

const byteByCharacter = alphabet();

function alphabet(): ReadonlyMap<string, number> {
  const map = new Map<string, number>();
  let next = 256;
  for (let byte = 0; byte < 256; byte++) {
    const isPrintable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    map.set(String.fromCharCode(isPrintable ? byte : next++), byte);
  }
  return map;
}
