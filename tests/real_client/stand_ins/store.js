import middlewares from '@akinon/next/redux/middlewares';
import reducers from '@akinon/next/redux/reducers';
import { configureStore } from '@reduxjs/toolkit';

export const store = configureStore({
  reducer: reducers,
  middleware: (usual) => usual({ serializableCheck: false, immutableCheck: false }).concat(middlewares),
});
