import type { LoadedModel, Message, Tool } from "../index.ts";
import { demoAddress } from "./model-address.ts";

/** A conversation to begin with; its last message is the one to answer. */
export interface Sample {
  readonly title: string;
  readonly messages: readonly Message[];
  readonly tools?: readonly Tool[];
}

/** What to offer for this model: its own samples for the demo model, common ones for the others. */
export async function samplesFor(address: string, model: LoadedModel): Promise<readonly Sample[]> {
  if (address === demoAddress) return demoSamples();
  return model.chat ? chatSamples : continuationSamples;
}

async function demoSamples(): Promise<readonly Sample[]> {
  try {
    const response = await fetch(`${demoAddress}samples.json`);
    const samples: unknown = await response.json();
    return Array.isArray(samples) ? samples.filter(isSample).slice(0, 8) : chatSamples;
  } catch {
    return chatSamples;
  }
}

function isSample(value: unknown): value is Sample {
  const { title, messages } = Object(value) as Partial<Record<keyof Sample, unknown>>;
  return (
    typeof title === "string" && Array.isArray(messages) && messages.length > 0 && messages.every(isMessage)
  );
}

function isMessage(value: unknown): value is Message {
  const { role, content } = Object(value) as Partial<Record<keyof Message, unknown>>;
  return typeof role === "string" && typeof content === "string";
}

const ask = (title: string, content: string): Sample => ({ title, messages: [{ role: "user", content }] });

const chatSamples: readonly Sample[] = [
  ask("Explain", "Explain in three sentences why the sky is blue."),
  ask("Write", "Write a short story about a lighthouse keeper who finds a letter."),
  ask("Compare", "Compare tea and coffee in a small table."),
  ask("Plan", "Plan a quiet Sunday in a city I have never visited."),
];

const continuationSamples: readonly Sample[] = [
  ask("A story", "Once upon a time, there was a little"),
  ask("A list", "Three things to remember on a long walk:\n1."),
];
