// What the paste experiment costs, how far it is and what it found, in words.

export interface Cost {
  images?: number;
  available?: number;
  pastes?: number;
  seconds?: number | null;
  problem?: string;
}

export interface Trial {
  state: "running" | "done" | "cancelled" | "failed";
  objects: string[];
  control: boolean;
  label: string | null;
  places: number;
  images: number;
  available: number;
  pastes: number;
  done: number;
  unreadable: number;
  /** [variant, switched, pastes] so far. */
  found: [string, number, number][];
  seconds_left: number | null;
  seed: number;
  note: string;
  sentence?: string;
  details?: string;
}

const number = (value: number): string => value.toLocaleString("en");

export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** "50 of 600 images, 1,700 pastes, about 40 s": said before anything is computed. */
export function writeCost({ images = 0, available = 0, pastes = 0, seconds = null, problem }: Cost): string {
  if (problem) return problem;
  const some = images < available ? `${number(images)} of ${number(available)} images, chosen at random` : `all ${number(images)} images`;
  const time = seconds === null ? "" : `, about ${duration(seconds)}`;
  return `${some}: ${number(pastes)} ${pastes === 1 ? "prediction" : "predictions"}${time}.`;
}

/** How far it is, or how it ended. */
export function writeTrial(trial: Trial): string {
  const { state, done, images, seconds_left: left, unreadable } = trial;
  const failed = unreadable ? `, ${unreadable} could not be opened` : "";
  switch (state) {
    case "running":
      return `${done} of ${images} images${failed}${left === null || done === 0 ? "" : `, ${duration(left)} left`}`;
    case "cancelled":
      return `Stopped after ${done} of ${images} images${failed}; the bars are of those.`;
    case "done":
      return `${what(trial)} on ${images} of ${number(trial.available)} images${failed}. ${writeFound(trial)}`;
    case "failed":
      return trial.sentence ?? "The experiment broke off.";
  }
}

/** "The thing switched 37 of 850 pastes (4 %), its silhouette 31 of 850 (4 %)." */
function writeFound({ objects, found }: Trial): string {
  const many = objects.length > 1;
  const counted = found.map(([variant, switched, n], i) => {
    const who = variant === "object" ? (many ? "the things" : "the thing") : many ? "their silhouettes" : "its silhouette";
    return `${who}${i === 0 ? " switched" : ""} ${number(switched)} of ${number(n)}${i === 0 ? " pastes" : ""} (${n ? Math.round((100 * switched) / n) : 0} %)`;
  });
  const sentence = counted.join(", ");
  return sentence ? `${sentence[0].toUpperCase()}${sentence.slice(1)}.` : "";
}

/** "Rugby ball and its grey silhouette, at 17 places, on ..." */
function what({ objects, control, places, label }: Trial): string {
  const names = objects.join(", ");
  const controls = control ? (objects.length > 1 ? " and their grey silhouettes" : " and its grey silhouette") : "";
  const sentence = `${names}${controls}, ${places === 1 ? "in the middle" : `at ${places} places`}${label === null ? "" : `, where the label was ${label},`}`;
  return sentence[0].toUpperCase() + sentence.slice(1);
}
