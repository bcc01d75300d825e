using Actors.Grains.Interfaces;

namespace Actors.Grains.Store;

/// <summary>The store cannot be used; the message names the database and the fix, never a password.</summary>
public sealed class StoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The database refuses this run's data, or needs too long for it again and again; other runs are not affected.</summary>
internal sealed class UnstorableException(RunId id, string reason, Exception? inner = null) : Exception($"{id} cannot be stored: {reason}", inner);

/// <summary>A run is stored, and cannot be loaded: its data is damaged, or takes too long or too much memory; other runs are not affected.</summary>
internal sealed class UnreadableException(string id, string reason, Exception? inner = null) : Exception($"{id} cannot be loaded: {reason}", inner);
