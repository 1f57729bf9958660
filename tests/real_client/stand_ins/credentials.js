export default (options) => options;
