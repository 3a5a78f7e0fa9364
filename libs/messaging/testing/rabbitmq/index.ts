export { removeTopology } from './remove-topology.js';
export { RabbitmqScene } from './scene.js';
