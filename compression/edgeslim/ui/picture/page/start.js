export default mounted(".pictures", (root) => new View(root));

export { Scene, diff, placeLabels, unpack };
