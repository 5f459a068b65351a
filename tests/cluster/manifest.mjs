// Manifests as TypeScript, so that its compiler holds them against Kubernetes' own types.
// usage: node manifest.mjs FOLDER_WITH_NODE_MODULES; text of a YAML file on standard input, source on standard output
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const { parseAllDocuments } = createRequire(process.argv[2] + "/")("yaml");
const places = { Job: "batch/v1", Pod: "core/v1" };
parseAllDocuments(readFileSync(0, "utf8")).forEach((document, i) => {
  if (document.errors.length) throw document.errors[0];
  const manifest = document.toJS();
  const place = places[manifest.kind];
  if (manifest.apiVersion !== place) throw new Error(`${manifest.kind} of ${manifest.apiVersion}`);
  console.log(`import type { ${manifest.kind} as Kind${i} } from "kubernetes-types/${place}.js";`);
  console.log(`export const manifest${i}: Kind${i} = ${JSON.stringify(manifest, null, 2)};`);
});
