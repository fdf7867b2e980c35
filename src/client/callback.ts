import { type ProxyMarked, proxy } from "comlink";

/**
 * A function for the worker to call. Comlink keeps a message port open for each until it is released, so the
 * channel is made here, where it can be closed.
 */
export function callback<Arguments extends unknown[]>(
  call: (...args: Arguments) => void,
): { proxy: ((...args: Arguments) => void) & ProxyMarked; release: () => void } {
  let open = true;
  const guarded = (...args: Arguments) => {
    if (open) call(...args);
  };
  return {
    proxy: proxy(guarded),
    release: () => {
      open = false;
    },
  };
}
