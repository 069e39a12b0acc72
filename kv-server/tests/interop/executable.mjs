// Filter of cargo's JSON messages, from stdin: prints the path of the executable that was built.

import { createInterface } from "node:readline";

let executable;
for await (const line of createInterface({ input: process.stdin })) {
  executable = JSON.parse(line).executable ?? executable;
}
if (!executable) throw new Error("cargo built no executable");
console.log(executable);
