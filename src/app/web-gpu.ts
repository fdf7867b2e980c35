import { element } from "./element.ts";

/** What a missing GPU means for the reader, and what to do about it. */
export function explainMissingGpu(): HTMLElement[] {
  if (!isSecureContext)
    return [
      element(
        "p",
        { "data-testid": "insecure-context" },
        "Browsers offer WebGPU only to pages from https:// or http://localhost, and this page came from neither.",
      ),
    ];
  if (navigator.gpu)
    return [
      element(
        "p",
        {},
        "The browser has WebGPU but could not open a graphics adapter with it. Check that hardware acceleration is on in its settings and that the graphics driver is current.",
      ),
    ];
  return [
    element(
      "p",
      { "data-testid": "no-webgpu" },
      "Quire computes on your graphics card through WebGPU, and this browser does not offer it. These do:",
    ),
    element(
      "ul",
      {},
      element("li", {}, "Chrome and Edge from 113 on (Android from 121 on)"),
      element("li", {}, "Safari from 26 on, on Mac, iPhone and iPad"),
      element("li", {}, "Firefox from 141 on for Windows, from 145 on for Macs with Apple silicon"),
    ),
  ];
}
