// Runs the queries of RECIPES.md; usage: node duckdb.mjs NODE_MODULES [THREADS], queries as a JSON array on
// standard input. Gives an array of their rows.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(process.argv[2] + "/");
const { DuckDBInstance } = require("@duckdb/node-api");
const connection = await (await DuckDBInstance.create(":memory:")).connect();
await connection.run(`SET threads = ${Number(process.argv[3] ?? 1)}; SET TimeZone = 'UTC'`);
const results = [];
for (const query of JSON.parse(readFileSync(0, "utf8"))) {
  const reader = await connection.runAndReadAll(query);
  results.push(reader.getRows().map((row) => row.map((cell) => (cell === null ? null : String(cell)))));
}
process.stdout.write(JSON.stringify(results));
