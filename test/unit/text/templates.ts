import { readdirSync } from "node:fs";
import type { TemplateMessage } from "../../../src/text/message.ts";
import { readSharedText, sharedData } from "../../support/shared-data.ts";

/** The published chat templates, by name. */
export function publishedTemplates(): Map<string, string> {
  const folder = sharedData("chat-templates");
  const files = folder === undefined ? [] : readdirSync(folder).filter((file) => file.endsWith(".jinja"));
  return new Map(files.sort().map((file) => [file.slice(0, -6), readSharedText(`chat-templates/${file}`)]));
}

/** Two turns and a question; `texts` are what the user says, and what the assistant answers. */
export function conversation(text: (place: string) => string): TemplateMessage[] {
  return [
    { role: "user", content: text("first") },
    { role: "assistant", content: text("answer") },
    { role: "user", content: text("second") },
  ];
}
