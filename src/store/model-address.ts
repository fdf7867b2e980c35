import { InputError } from "../errors.ts";
import type { FileSource } from "./source.ts";
import { webSource } from "./web-source.ts";

const HUB = "https://huggingface.co";

/** `owner/name` or `owner/name@revision`; a revision may hold slashes (`refs/pr/1`). */
const REPOSITORY = /^(\w[\w.-]*)\/(\w[\w.-]*?)(?:@(\w[\w./-]*))?$/;

/** The path of a repository's page on the hub, which people copy from their browser. */
const REPOSITORY_PAGE = /^\/(\w[\w.-]*)\/(\w[\w.-]*)(?:\/tree\/([\w.-]+))?\/?$/;

/**
 * The place that `model` names: an address, relative to `baseUrl` where it begins with `/`, `./` or `../`, or
 * a repository `owner/name[@revision]` of the Hugging Face hub.
 *
 * @throws InputError when it is neither.
 */
export function resolveSource(model: string, { baseUrl }: { baseUrl: string }): FileSource {
  const repository = typeof model === "string" ? REPOSITORY.exec(model) : null;
  if (repository) return hubSource(repository[1]!, repository[2]!, repository[3] ?? "main");
  if (typeof model !== "string" || !/^(https?:\/\/|\.{0,2}\/)/i.test(model)) {
    throw wrongAddress(model, "it is neither");
  }
  if (!URL.canParse(model, baseUrl)) throw wrongAddress(model, `it makes no address with ${baseUrl}`);
  const url = new URL(model, baseUrl);
  if (!/^https?:$/.test(url.protocol)) throw wrongAddress(model, `it leads to ${url.protocol}`);
  if (url.username || url.password)
    throw wrongAddress(url.host, "it carries a password, which fetch refuses");
  const page = url.origin === HUB ? REPOSITORY_PAGE.exec(url.pathname) : null;
  return page ? hubSource(page[1]!, page[2]!, page[3] ?? "main") : folderSource(url);
}

function hubSource(owner: string, name: string, revision: string): FileSource {
  const folder = `${HUB}/${owner}/${name}/resolve/${encodeURIComponent(revision)}/`;
  const label = revision === "main" ? `${owner}/${name}` : `${owner}/${name}@${revision}`;
  return webSource(label, (path) => `${folder}${encodeURIComponent(path)}`);
}

/** A folder's address may have a query, an access token say: it goes with every request and into no message. */
function folderSource(url: URL): FileSource {
  const folder = `${url.origin}${url.pathname.replace(/\/*$/, "/")}`;
  return webSource(folder, (path) => `${folder}${encodeURIComponent(path)}${url.search}`);
}

function wrongAddress(model: unknown, came: string): InputError {
  return new InputError(
    `model should be an http(s) address, a path that begins with /, ./ or ../, or a hub repository ` +
      `owner/name[@revision]; ${came}: ${JSON.stringify(model)}. Write a folder beside the page as ./folder.`,
  );
}
