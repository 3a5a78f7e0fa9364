export { removeTopology } from './remove-topology.js';
export { RabbitmqScene } from './scene.js';
export { type Tap, tapRabbitmq } from './tap.js';
