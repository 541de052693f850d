namespace Flip.Data.Stores;

/// <summary>A file that a store has.</summary>
/// <param name="Address">Where.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Version">What tells one content from another (the entity tag); null where the store does not say.</param>
internal sealed record StoredFile(string Address, long Length, string? Version);

/// <summary>The bytes of a file, or of a part of one, as they come.</summary>
/// <param name="File">The whole file.</param>
/// <param name="Bytes">The part.</param>
/// <param name="Owner">What is disposed of with it.</param>
internal sealed record StoredBody(StoredFile File, Stream Bytes, IDisposable Owner) : IAsyncDisposable
{
    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Bytes.DisposeAsync();
        Owner.Dispose();
    }
}
