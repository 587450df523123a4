// PasteExperiment as an anywidget module.
import { widget } from "../shared/widget";
import { mount } from "./mount";

export { mount } from "./mount";
export default widget(mount, "paste");
