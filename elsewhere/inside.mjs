// Run in TensorFlow.js's own folder: node inside.mjs JOBS ANSWERS, one line for each job. The same as inside.py.
import fs from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(process.cwd() + "/");
const tf = require("@tensorflow/tfjs");
await tf.setBackend("cpu");

const plain = value => (Number.isFinite(value) ? Number(value.toPrecision(7)) : String(value).toLowerCase().replace("infinity", "inf"));

function row(result, job) {
    if (typeof result.apply !== "function") return result.dataSync();
    const x = tf.tensor(job.x, result.getClassName() === "Conv1D" ? [1, job.x.length, 1] : [1, 1, job.x.length, 1]);
    result.build(x.shape);
    if (result.getWeights().length) result.setWeights([tf.tensor(job.kernel, result.getWeights()[0].shape)]);
    return result.apply(x).dataSync();
}

const [jobs, answers] = process.argv.slice(2);
for (const job of JSON.parse(fs.readFileSync(jobs, "utf8"))) {
    let answer;
    try {
        const x = tf.tensor(job.x.map(Number), [1, 1, job.x.length, 1]);
        const w = tf.tensor(job.kernel, [1, job.kernel.length, 1, 1]);
        job.x = job.x.map(Number);
        answer = { values: [...row(new Function("tf", "x", "w", `return ${job.call}`)(tf, x, w), job)].map(plain) };
    } catch (error) {
        answer = { refused: `${error.name}: ${String(error.message).split("\n")[0].slice(0, 120)}` };
    }
    fs.appendFileSync(answers, JSON.stringify(answer) + "\n");
}
