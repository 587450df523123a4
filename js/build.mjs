// Bundles each widget into one ES module and one style sheet beside the Python package. The result is committed, so it must not
// depend on the machine: no source maps, no absolute paths, no time.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, context } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const widgets = ["heatmap", "browser", "editor", "lime", "methods", "expectation", "rsa", "pastebars", "paste", "explorer", "report"].filter((name) => existsSync(join(here, name, "index.ts")));

const options = {
  absWorkingDir: here,
  entryPoints: Object.fromEntries(widgets.map((name) => [name, `${name}/index.ts`])),
  outdir: "../emocam_widgets/widgets/static",
  bundle: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  minify: true,
  sourcemap: false,
  legalComments: "none",
  logLevel: "warning",
};

if (process.argv.includes("--watch")) {
  await (await context(options)).watch();
  console.log(`watching ${widgets.join(", ")}`);
} else {
  await build(options);
  console.log(`built ${widgets.join(", ")}`);
}
