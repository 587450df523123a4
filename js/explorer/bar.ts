// The explorer's top bar: which run this is and how far it has come, the settings that all panes share, help, full screen.
import { h, type Disposer } from "../shared/dom";
import { iconButton } from "../shared/icons";
import type { Model } from "../shared/model";

export interface Summary {
  name: string;
  images: number;
  expected: number;
  labels: number;
  methods: string[];
  failures: number;
  synthetic: boolean;
  path: string;
}

export interface Progress {
  done: number;
  total: number;
  failures: number;
  running: boolean;
  seconds_left: number | null;
}

/** "analysing 214 of 600, 40 s left"; a run that nobody adds to is not called running. */
export function writeProgress({ done, total, running, seconds_left }: Progress): string {
  if (!running) return `${done} of ${total} images so far`;
  return `analysing ${done} of ${total}${seconds_left === null ? "" : `, ${writeSeconds(seconds_left)} left`}`;
}

export function writeSeconds(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

export class Bar {
  readonly el: HTMLElement;
  private readonly says = h("span", { class: "ec-muted" });
  private readonly run: HTMLElement;
  private readonly meter = h("progress", { class: "ex-meter", "aria-label": "images analysed" });
  private readonly progressSays = h("span", { class: "ec-number" });
  private readonly progress = h("span", { class: "ex-progress", role: "status", "data-testid": "progress", hidden: true }, this.meter, this.progressSays);
  private readonly badge = h("span", { class: "ec-badge", title: "Drawn images and models trained on them: no finding about real ones" }, "synthetic");
  private readonly screen = h("button", { class: "ec-icon-button", type: "button", "data-testid": "fullscreen" });

  constructor(
    private readonly model: Model,
    private readonly whole: HTMLElement,
    controls: HTMLElement[],
    help: { button: HTMLElement; panel: HTMLElement },
    report: { button: HTMLElement; panel: HTMLElement } | null,
    private readonly disposer: Disposer,
  ) {
    const name = h("strong", {}, model.get<Summary>("summary").name);
    this.run = h("span", { class: "ex-run", "data-testid": "run-title" }, h("span", { class: "ec-muted" }, "run: "), name, this.says);
    this.el = h("div", { class: "ex-bar", role: "group", "aria-label": "Run and settings" }, this.run, this.badge, this.progress, h("div", { class: "ex-settings" }, ...controls), h("span", { class: "ex-tools" }, report?.button, help.button, this.screen), help.panel, report?.panel);
    disposer.watch(model, ["summary", "progress"], () => this.update());
    this.update();
    this.followScreen();
  }

  private update(): void {
    const { images, labels, methods, synthetic, path } = this.model.get<Summary>("summary");
    const progress = this.model.get<Progress | null>("progress") ?? null;
    this.says.textContent = ` (${images} images, ${labels} labels, ${methods.join(", ")})`;
    this.run.title = `${this.run.textContent} in ${path}`;
    this.badge.hidden = !synthetic;
    this.progress.hidden = progress === null;
    if (progress === null) return;
    this.meter.max = progress.total;
    this.meter.value = progress.done;
    this.meter.hidden = !progress.running;
    this.progressSays.textContent = writeProgress(progress);
    this.progress.dataset.done = String(progress.done);
  }

  private followScreen(): void {
    this.screen.hidden = !document.fullscreenEnabled;
    const show = (): void => {
      const full = document.fullscreenElement === this.whole;
      iconButton(this.screen, full ? "shrink" : "screen", full ? "Leave full screen (Esc)" : "Full screen");
    };
    this.disposer.listen(document, "fullscreenchange", show);
    this.disposer.listen(this.screen, "click", () => {
      if (document.fullscreenElement === this.whole) void document.exitFullscreen();
      else void this.whole.requestFullscreen().catch(() => (this.screen.hidden = true)); // the host's frame forbids it
    });
    show();
  }
}
