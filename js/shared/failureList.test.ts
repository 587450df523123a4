import { expect, it } from "vitest";
import { Disposer } from "./dom";
import { FailureList, type Failures } from "./failureList";

const turn = () => new Promise((resolve) => setTimeout(resolve));

it("lists names and reasons as they are written, when it is opened, and says how many more there are", async () => {
  const answers: (() => Promise<Failures>)[] = [
    () => Promise.reject(new Error("busy")),
    () => Promise.resolve({ count: 1200, listed: [["<img src=x onerror=alert(1)>.jpg", "the file is <b>empty</b>"]] }),
  ];
  const list = new FailureList(() => answers.shift()!(), new Disposer());
  list.setCount(0);
  expect(list.el.hidden).toBe(true);
  list.setCount(1200);
  const button = list.el.querySelector("button")!;
  expect(button.textContent).toBe("1200 files could not be used ▾");
  button.click();
  await turn();
  const again = list.el.querySelector<HTMLButtonElement>('[data-testid="state-action"]')!;
  expect(again.textContent).toBe("Try again");
  again.click();
  await turn();
  const [item] = list.el.querySelectorAll("li");
  expect([...item.children].map((each) => each.textContent)).toEqual(["<img src=x onerror=alert(1)>.jpg", "the file is <b>empty</b>"]);
  expect(list.el.querySelector("img, b")).toBeNull();
  expect(list.el.textContent).toContain("and 1,199 more");
  expect(list.el.querySelector("ul")!.tabIndex).toBe(0);
});
