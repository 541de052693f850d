namespace Flip.Data.Stores;

/// <summary>A place in the network that keeps files. Safe to call from several threads. What fails for the moment is a <see cref="Flip.Network.TransientException"/>.</summary>
internal interface IStore : IDisposable
{
    /// <summary>Looks a file up.</summary>
    /// <exception cref="StoreException">It is not there, or not given.</exception>
    Task<StoredFile> StatAsync(string address, CancellationToken cancellation);

    /// <summary>Opens a file from a byte on.</summary>
    /// <param name="address">Where.</param>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">Bytes; null for all that follow.</param>
    /// <param name="cancellation">Stops the request.</param>
    /// <exception cref="StoreException">It is not there, or not given in parts.</exception>
    Task<StoredBody> OpenAsync(string address, long offset, long? length, CancellationToken cancellation);

    /// <summary>The files whose addresses begin with a text, in ordinal order.</summary>
    /// <exception cref="StoreException">The store has no lists.</exception>
    IAsyncEnumerable<StoredFile> ListAsync(string prefix, CancellationToken cancellation);
}
