using System.Collections.Concurrent;
using Flip.Network;
using Polly;

namespace Flip.Data.Stores;

/// <summary>
/// Reads files of the network. What fails for the moment is tried again, and goes on where it broke; as long as bytes come, tries are not counted. A file that changes while
/// it is read is an error. Safe to call from several threads.
/// </summary>
internal sealed class StoreReader : IDisposable
{
    private const int BufferSize = 1 << 18;
    private const int LeastProgress = 1 << 16; // bytes that a try must bring so that it is not counted
    private static readonly TimeSpan RateWindow = TimeSpan.FromSeconds(30);

    private readonly StoreOptions _options;
    private readonly ResiliencePipeline _retries;
    private readonly Lazy<IStore> _http;
    private readonly Lazy<IStore> _s3;
    private readonly ConcurrentDictionary<string, StoredFile> _known = new(StringComparer.Ordinal);

    /// <summary>A reader.</summary>
    /// <param name="options">Patience, retries, keys.</param>
    public StoreReader(StoreOptions options)
    {
        _options = options;
        _retries = Retries.Of(options.Retries, options.RetryDelay, options.Notice);
        _http = new Lazy<IStore>(() => new HttpStore(options));
        _s3 = new Lazy<IStore>(() => new S3Store(options));
    }

    /// <summary>Length and version of a file; asked once.</summary>
    /// <exception cref="StoreException">It cannot be had.</exception>
    public async Task<StoredFile> StatAsync(string address, CancellationToken cancellation) =>
        _known.TryGetValue(address, out var known) ? known
            : Remembered(await TryAsync(address, token => StoreOf(address).StatAsync(address, token), cancellation));

    /// <summary>Fills a buffer from a place of a file.</summary>
    /// <exception cref="StoreException">It cannot be had, is shorter, or has changed.</exception>
    public Task<StoredFile> ReadAsync(string address, long offset, Memory<byte> buffer, CancellationToken cancellation) =>
        ReceiveAsync(
            address,
            offset,
            buffer.Length,
            (bytes, at) =>
            {
                bytes.CopyTo(buffer[(int)at..]);
                return ValueTask.CompletedTask;
            },
            cancellation);

    /// <summary>A whole short file.</summary>
    /// <exception cref="StoreException">It cannot be had, or is longer.</exception>
    public async Task<byte[]> ReadAllAsync(string address, int most, CancellationToken cancellation)
    {
        var file = await StatAsync(address, cancellation);
        if (file.Length > most)
        {
            throw new StoreException(FormattableString.Invariant($"{StoreAddress.Show(address)}: has {file.Length:N0} bytes, and at most {most:N0} are read."));
        }

        var content = new byte[file.Length];
        if (content.Length > 0)
        {
            await ReadAsync(address, 0, content, cancellation);
        }

        return content;
    }

    /// <summary>Writes a whole file to a stream.</summary>
    /// <exception cref="StoreException">It cannot be had, or has changed.</exception>
    public async Task CopyAsync(string address, Stream target, CancellationToken cancellation)
    {
        var file = await StatAsync(address, cancellation);
        if (file.Length == 0)
        {
            return; // which no part can be asked of
        }

        await ReceiveAsync(address, 0, file.Length, (bytes, _) => target.WriteAsync(bytes, cancellation), cancellation);
    }

    /// <summary>The files whose addresses begin with a text, in ordinal order.</summary>
    /// <exception cref="StoreException">The store has no lists, or does not give it.</exception>
    public async Task<IReadOnlyList<StoredFile>> ListAsync(string prefix, CancellationToken cancellation)
    {
        var files = await TryAsync(
            prefix,
            async token =>
            {
                var found = new List<StoredFile>();
                await foreach (var file in StoreOf(prefix).ListAsync(prefix, token))
                {
                    found.Add(file);
                }

                return found;
            },
            cancellation);
        files.ForEach(file => _known.TryAdd(file.Address, file));
        return files;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var store in new[] { _http, _s3 }.Where(store => store.IsValueCreated))
        {
            store.Value.Dispose();
        }
    }

    private static StoreException Spent(TransientException e, string address)
    {
        var shown = StoreAddress.Show(address);
        return new StoreException($"{(e.Message.StartsWith(shown, StringComparison.Ordinal) ? "" : shown + ": ")}{e.Message}. Tried several times.", e);
    }

    private Task<T> TryAsync<T>(string address, Func<CancellationToken, Task<T>> work, CancellationToken cancellation) =>
        _retries.RunAsync(work, e => Spent(e, address), cancellation);

    private async Task<StoredFile> ReceiveAsync(
        string address, long offset, long length, Func<ReadOnlyMemory<byte>, long, ValueTask> take, CancellationToken cancellation)
    {
        var received = 0L;
        StoredFile file;
        do
        {
            file = await TryAsync(address, ReceivePart, cancellation);
        }
        while (received < length);
        return file;

        // Where many bytes have come before a failure, it is no failed try: the next one goes on behind them.
        async Task<StoredFile> ReceivePart(CancellationToken token)
        {
            var before = received;
            var isWhole = offset + received == 0 && length == _known.GetValueOrDefault(address)?.Length; // which servers without parts give too
            await using var body = await StoreOf(address).OpenAsync(address, offset + received, isWhole ? null : length - received, token);
            var whole = Remembered(body.File);
            if (offset + length > whole.Length)
            {
                throw new StoreException(FormattableString.Invariant(
                    $"{StoreAddress.Show(address)}: ends at byte {whole.Length:N0}, and {offset + length:N0} are expected: it is not what was indexed."));
            }

            try
            {
                await using var bytes = new AnswerBody(body.Bytes, _options.Patience, _options.SlowestRate, RateWindow);
                var buffer = new byte[Math.Min(BufferSize, length)];
                while (received < length && await bytes.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, length - received)), token) is > 0 and var count)
                {
                    await take(buffer.AsMemory(0, count), received);
                    received += count;
                }

                return received == length ? whole : throw new TransientException(FormattableString.Invariant(
                    $"{StoreAddress.Show(address)}: ended after {offset + received:N0} of {offset + length:N0} bytes"));
            }
            catch (TransientException) when (received - before >= LeastProgress)
            {
                return whole;
            }
        }
    }

    private StoredFile Remembered(StoredFile file)
    {
        var known = _known.GetOrAdd(file.Address, file);
        return known.Length == file.Length && (known.Version is null || file.Version is null || known.Version == file.Version)
            ? known
            : throw new StoreException($"{StoreAddress.Show(file.Address)}: has changed while it was read.");
    }

    private IStore StoreOf(string address) => (StoreAddress.IsS3(address) ? _s3 : _http).Value;
}
