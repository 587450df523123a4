// Whether anybody answers behind a widget, and if not, why: the kernel was restarted, the connection is lost, or it is busy. It is
// asked when there is a reason to doubt, never by the clock: a widget that nobody looks at must not keep a kernel awake.
import { h, type Disposer } from "./dom";
import { type HostKernel, hostKernel, isConnected } from "./host";
import { tellLive } from "./live";
import type { Model } from "./model";

/**
 * "busy": the kernel works on something else; "silent": no answer and no reason known; "offline": no connection to the server, which
 * the host tries to get; "lost": it has stopped trying.
 */
export type State = "live" | "busy" | "silent" | "offline" | "lost" | "gone";

export const SENTENCES: Record<Exclude<State, "live">, string> = {
  busy: "The kernel is busy with another cell. This goes on as soon as it is free.",
  silent: "No answer from the kernel yet: it is busy, or the connection is slow or lost. This goes on as soon as it answers.",
  offline: "Not connected to the server. This goes on by itself when the connection is back.",
  lost: "The connection to the server was lost, and nothing tries to get it back any more.",
  gone: "Not connected: the kernel was restarted or stopped. Run the cell again.",
};

export const PATIENCE = 2000;
const AGAIN = 5000;
/** An answer that is younger says enough. */
const FRESH = 1000;
const GONE = ["dead", "restarting", "autorestarting", "terminating"];

/** What an unanswered question means. */
export function meaning(kernel: HostKernel | undefined, sent: boolean): State {
  if (kernel?.status === "dead") return "gone";
  if (!isConnected(kernel)) return kernel?.connectionStatus === "disconnected" ? "lost" : "offline";
  if (!sent || (kernel?.status !== undefined && GONE.includes(kernel.status))) return "gone";
  if (kernel?.status === "busy") return "busy";
  return "silent";
}

export class Connection {
  private timer = 0;
  private id = -1;
  private asked = false;
  private answered = Date.now();
  private state: State = "live";
  /** The host said that the widget's own channel was closed: silence then means that nobody is there any more. */
  private cut = false;

  constructor(
    private readonly model: Model,
    private readonly show: (state: State) => void,
    disposer: Disposer,
  ) {
    disposer.on(model, "msg:custom", (message: { kind?: string; id?: number }) => this.heard(message.id));
    disposer.on(model, "comm_live_update", () => {
      this.cut = true;
      this.ask();
    });
    const doubt = (): void => {
      if (this.state === "lost") this.reconnect();
      else if (this.state !== "live" || Date.now() - this.answered > FRESH) this.ask();
    };
    const awake = (): void => (this.state === "offline" ? this.reconnect() : doubt());
    // A laptop that was opened again, a network that came back, a hand on the widget.
    disposer.listen(document, "visibilitychange", () => document.visibilityState === "visible" && awake());
    disposer.listen(document, "resume", awake);
    disposer.listen(window, "online", awake);
    disposer.listen(window, "offline", doubt);
    this.followHost(disposer);
    disposer.add(() => clearTimeout(this.timer));
    this.touched = doubt;
  }

  /** To be called when the user does something with the widget. */
  readonly touched: () => void;

  /** Whether the host can be told to try at once. */
  get reconnects(): boolean {
    return this.kernel?.reconnect !== undefined;
  }

  /** Does not wait for the host's next attempt, which may be a minute away, or never come. */
  reconnect(): void {
    this.kernel?.reconnect?.().catch(() => undefined); // its state is followed
  }

  private get kernel(): HostKernel | undefined {
    return hostKernel(this.model);
  }

  private followHost(disposer: Disposer): void {
    const kernel = this.kernel;
    const connection = (): void => {
      if (this.kernel?.connectionStatus === "connected") this.ask();
      else this.outOfReach();
    };
    const status = (): void => {
      if (this.state !== "live") this.ask();
    };
    kernel?.connectionStatusChanged?.connect(connection);
    kernel?.statusChanged?.connect(status);
    disposer.add(() => {
      kernel?.connectionStatusChanged?.disconnect(connection);
      kernel?.statusChanged?.disconnect(status);
    });
  }

  /** One question at a time; as long as nothing comes, it is asked again. */
  private ask(): void {
    if (!isConnected(this.kernel)) return this.outOfReach();
    if (this.asked) return;
    this.asked = true;
    this.id = Math.floor(Math.random() * 2 ** 40);
    let sent = true;
    try {
      this.model.send({ kind: "ping", id: this.id });
    } catch {
      sent = false; // the host refuses to send: nobody is there
    }
    this.timer = window.setTimeout(() => {
      this.asked = false;
      const state = meaning(this.kernel, sent);
      this.become(state === "silent" && this.cut ? "gone" : state);
      this.timer = window.setTimeout(() => this.ask(), AGAIN);
    }, sent ? PATIENCE : 0);
  }

  /** What is sent now would only wait for the line: it is asked when that is back. */
  private outOfReach(): void {
    clearTimeout(this.timer);
    this.asked = false;
    this.become(meaning(this.kernel, true));
  }

  /** Any answer of Python is a sign of life; only that to the last question ends it. */
  private heard(id: number | undefined): void {
    this.answered = Date.now();
    if (id !== this.id && this.state !== "silent" && this.state !== "busy") return;
    this.cut = false;
    this.asked = false;
    clearTimeout(this.timer);
    this.become("live");
  }

  private become(state: State): void {
    if (state === this.state) return;
    this.state = state;
    this.show(state);
  }
}

/** Greys `root` and says so when the kernel behind the model is gone or out of reach, says that it is busy; undone when it answers. */
export function watchConnection(model: Model, root: HTMLElement, disposer: Disposer): void {
  const says = h("span", { role: "status" });
  const again = h("button", { class: "ec-button", type: "button", "data-testid": "reconnect" }, "Connect now");
  const note = h("div", { class: "ec-disconnected-note", "data-testid": "disconnected", hidden: true }, says);
  root.append(note);
  disposer.add(() => note.remove());
  const connection: Connection = new Connection(model, (state) => {
    root.classList.toggle("ec-disconnected", state === "gone" || state === "offline");
    root.dataset.connection = state;
    note.hidden = state === "live";
    if ((state === "offline" || state === "lost") && connection.reconnects) note.append(again);
    else again.remove();
    if (state !== "live") says.textContent = SENTENCES[state];
    else tellLive();
  }, disposer);
  disposer.listen(again, "click", () => connection.reconnect());
  for (const type of ["pointerdown", "keydown"]) disposer.listen(root, type, () => connection.touched(), { capture: true, passive: true });
}
