// A report: the explorer over what the page itself holds. Everything that is asked of Python in a notebook is answered here.
import "../shared/theme.css";
import "./style.css";
import { mount as mountBrowser } from "../browser/mount";
import { mount as mountExplorer } from "../explorer/index";
import { Disposer, h } from "../shared/dom";
import type { Model } from "../shared/model";
import { BrowserAnswers } from "./browserAnswers";
import { embedded, Pictures, unpack } from "./data";
import { ImageFilter } from "./filter";
import { HeatmapAnswers } from "./heatmapAnswers";
import { Numbers, type NumbersHeader } from "./numbers";
import { Shown, type ShownHeader } from "./shown";
import { linkTraits, StoredModel } from "./storedModel";
import { topBar } from "./topBar";

/** Traits that heatmap and browser share, as `SETTINGS` in Python's heatmap. */
const SETTINGS = ["method", "score", "threshold", "min_confidence", "by"];

/** What is selected, the same in all parts that know it. */
const SELECTION = ["cell", "object_class", "label", "selection"];

async function open(app: HTMLElement): Promise<void> {
  const [numbersBlock, shownBlock] = await Promise.all([unpack<NumbersHeader>(embedded("numbers")), unpack<ShownHeader>(embedded("shown"))]);
  const { states, pictures: places, unreadable, no_room: noRoom, notes, given } = shownBlock.header;
  const { ids } = numbersBlock.header;
  const numbers = new Numbers(numbersBlock, new Map(ids.flatMap((id, position) => (id in given ? [[position, given[id]]] : []))));
  const shown = new Shown(shownBlock, numbers);
  const pictures = new Pictures(places, unreadable, noRoom);
  const filter = new ImageFilter(numbers, shown);

  const models = new Map<string, StoredModel>();
  const manager = {
    get_model: (id: string): Promise<Model> => {
      const model = models.get(id);
      return model ? Promise.resolve(model) : Promise.reject(new Error(`This report holds no ${id}.`));
    },
  };
  const leftOut = pictures.size < numbers.length;
  for (const [name, state] of Object.entries(states)) models.set(name, new StoredModel(state, manager));
  const browser = models.get("browser")!;
  browser.set("only_pictures", leftOut && pictures.size > 0);
  const [explorer, heatmap] = [models.get("explorer"), models.get("heatmap")];
  if (explorer && heatmap) {
    new HeatmapAnswers(heatmap, numbers, filter);
    for (const trait of SETTINGS) linkTraits(heatmap, trait, browser);
    for (const part of [heatmap, browser]) for (const trait of SELECTION) linkTraits(explorer, trait, part);
    linkTraits(explorer, "threshold", heatmap);
    linkTraits(explorer, "image_id", browser, "open_image");
    let had = explorer.get("cell") !== null;
    explorer.watch(["cell"], () => {
      const has = explorer.get("cell") !== null;
      // Without a cell the pictures are shown as they are; with one, the boxes that count and the maps under them.
      if (has !== had) for (const trait of ["show_boxes", "show_cam"]) browser.set(trait, has);
      had = has;
    });
  }
  new BrowserAnswers(browser, { numbers, shown, pictures, filter, given });

  const disposer = new Disposer();
  const pane = h("div", { class: "rp-pane" });
  app.replaceChildren(topBar(browser, { notes, pictures: pictures.size, images: numbers.length, leftOut }, disposer), pane);
  if (explorer) mountExplorer(explorer, pane);
  else mountBrowser(browser, pane, { embedded: false });
}

const app = document.getElementById("emocam-app");
if (app) {
  open(app).catch((problem: unknown) => {
    const words = problem instanceof Error ? problem.message : String(problem);
    app.replaceChildren(h("p", { class: "ec-error rp-failed", role: "alert" }, `This report could not be shown: ${words}`));
  });
}
