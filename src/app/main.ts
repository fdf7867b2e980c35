import { Chat } from "./chat.ts";
import { Composer } from "./composer.ts";
import { part } from "./element.ts";
import { addressFromUrl, demoAddress, hasDemoModel, rememberAddress } from "./model-address.ts";
import { displayName, ModelPanel } from "./model-panel.ts";
import { ModelSession, type SessionState } from "./model-session.ts";
import { Notice } from "./notice.ts";
import { SettingsPanel } from "./settings-panel.ts";
import { Statistics } from "./statistics.ts";
import { StickToBottom } from "./stick-to-bottom.ts";
import { Welcome } from "./welcome.ts";

const hasDemo = await hasDemoModel();
const session = new ModelSession(showModel);
const settings = new SettingsPanel();
const statistics = new Statistics();
const panel = new ModelPanel(choose, hasDemo);
const notice = new Notice({ onChoose: choose, onCancel: () => session.cancel() }, hasDemo);
const chat = new Chat(statistics, () => settings.settings, {
  onChange: showConversation,
  onEdit: (text) => composer.edit(text),
  onLost: (error) => session.lose(error),
});
const composer = new Composer({ onSend: send, onStop: () => chat.stop() });
const welcome = new Welcome((sample) => {
  chat.begin(sample);
  composer.focus();
});
let shown: SessionState["kind"] | undefined;
const jump = part("jump");
const bottom = new StickToBottom(part("scroller"), part("content"), (following) => {
  jump.hidden = following;
});

function send(text: string): boolean {
  const sent = chat.send(text);
  if (sent) bottom.jump();
  return sent;
}

function choose(address: string): void {
  rememberAddress(address);
  void session.load(address);
}

function showModel(state: SessionState): void {
  const ready = state.kind === "ready";
  chat.engine = ready ? state.engine : undefined;
  composer.ready = ready;
  document.body.dataset.model = state.kind;
  panel.show(state);
  notice.show(state);
  if (state.kind === shown) return;
  shown = state.kind;
  statistics.show(ready ? state.engine.model : undefined);
  void welcome.show(state);
  showConversation();
  if (!ready) return;
  part("announcer").textContent = `${displayName(state.address)} is ready.`;
  composer.focus();
}

function showConversation(): void {
  const { state } = session;
  const empty = chat.conversation.turns.length === 0;
  welcome.visible = empty;
  bottom.active = !empty;
  composer.running = chat.running;
  if (chat.nextRole === "tool") composer.placeholder = "Play the tool: write its result";
  else if (state.kind === "ready" && !state.engine.model.chat) composer.placeholder = "Text to continue";
  else composer.placeholder = "Message";
}

function openFromUrl(): void {
  const address = addressFromUrl() ?? (hasDemo ? demoAddress : undefined);
  if (address) void session.load(address);
  else showModel(session.state);
}

part("new-chat").addEventListener("click", () => {
  chat.clear();
  composer.focus();
});
jump.addEventListener("click", () => bottom.jump());
addEventListener("popstate", openFromUrl);
openFromUrl();
