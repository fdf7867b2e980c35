import { Environment } from "@huggingface/jinja";

/** What a template raises when it refuses a conversation. */
export class Refusal extends Error {}

/** More than any template counts to; a larger range would fill the memory. */
const MAX_RANGE_LEN = 100_000;

/** The scope in which a chat template runs: what every template may name, and the given variables. */
export function templateScope(variables: Readonly<Record<string, unknown>>, now: Date): Environment {
  const scope = new Environment();
  const globals = {
    ...{ true: true, false: false, none: null, True: true, False: false, None: null },
    raise_exception: (reason: unknown) => {
      throw new Refusal(String(reason));
    },
    range,
    strftime_now: (format: unknown) => strftime(now, String(format)),
    ...variables,
  };
  for (const [name, value] of Object.entries(globals)) scope.set(name, value);
  return scope;
}

function range(first: number, second?: number, step = 1): number[] {
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (!(length <= MAX_RANGE_LEN)) throw new Error(`range() of ${length} numbers; at most ${MAX_RANGE_LEN}`);
  return Array.from({ length }, (_, i) => start + i * step);
}

const MONTHS = "January February March April May June July August September October November December".split(
  " ",
);
const DAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");

/** Local time in the notation of C, in English whatever the language of the browser. */
export function strftime(date: Date, format: string): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const parts: Readonly<Record<string, string>> = {
    Y: String(date.getFullYear()),
    y: two(date.getFullYear() % 100),
    m: two(date.getMonth() + 1),
    d: two(date.getDate()),
    B: MONTHS[date.getMonth()]!,
    b: MONTHS[date.getMonth()]!.slice(0, 3),
    A: DAYS[date.getDay()]!,
    a: DAYS[date.getDay()]!.slice(0, 3),
    H: two(date.getHours()),
    I: two(date.getHours() % 12 || 12),
    p: date.getHours() < 12 ? "AM" : "PM",
    M: two(date.getMinutes()),
    S: two(date.getSeconds()),
    "%": "%",
  };
  return format.replace(/%([YymdBbAaHIpMS%])/g, (_, letter: string) => parts[letter]!);
}
