// SPDX-License-Identifier: Apache-2.0
// Runs Yosys, which sees no files of the machine: node yosys.mjs SCRIPT OUT SOURCE...
// The sources are there under their last names; what the script writes goes to the folder OUT.
// Exit status 1 if the script fails.
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [script, out, ...sources] = process.argv.slice(2);
// The package is where the working folder has it, which need not be this file's.
const require = createRequire(path.join(process.cwd(), "package.json"));
const { runYosys } = await import(pathToFileURL(require.resolve("@yowasp/yosys")).href);

const given = { "script.ys": fs.readFileSync(script) };
for (const source of sources) given[path.basename(source)] = fs.readFileSync(source);

const print = (bytes) => { if (bytes) fs.writeSync(1, bytes); };
try {
  const files = await runYosys(["-s", "script.ys"], { ...given },
                               { stdout: print, stderr: print, decodeASCII: false,
                                 fetchProgress: () => {} });
  for (const [name, contents] of Object.entries(files))
    if (!(name in given) && ArrayBuffer.isView(contents)) fs.writeFileSync(path.join(out, name), contents);
} catch (error) {
  console.log(`yosys.mjs: ${error.message}`);
  process.exit(1);
}
