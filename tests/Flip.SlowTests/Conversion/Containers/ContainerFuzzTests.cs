using Flip.Conversion.Containers;
using Flip.Randomness;
using Flip.Storage;
using Flip.Tests;
using Flip.Tests.Conversion.Containers;
using static TorchSharp.torch;

namespace Flip.SlowTests.Conversion.Containers;

/// <summary>
/// Ten thousand damaged files: whatever is in them, all tensors are read or one of two exceptions says why not; memory stays in proportion and
/// no tensor is left over.
/// </summary>
[Collection(Alone.Name)]
public sealed class ContainerFuzzTests : IDisposable
{
    private const int Files = 10_000;

    /// <summary>Managed memory, garbage included: buffers of streams and readers, and values for each byte.</summary>
    private const long ManagedConstant = 5 << 18;
    private const long ManagedPerByte = 100;

    /// <summary>One tensor at a time: chunks that are missing hold a fill value up to 16 MiB, and nothing unpacks to more than 1032 times its length.</summary>
    private const long TensorConstant = 1 << 24;
    private const long TensorPerByte = 1032;

    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Damaged_containers_are_read_or_refused_within_bounds()
    {
        // Tensors that tests before this one left to their finalizers would be missed in the count below.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var samples = ContainerSample.All(_folder.Path).ToList();
        var outcome = new Dictionary<string, (int Read, int Refused)>();
        foreach (var (sample, number) in samples.Select((sample, number) => (sample, number)))
        {
            var folder = Path.Combine(_folder.Path, $"sample{number}");
            foreach (var (name, bytes) in sample.Files)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, name))!);
                sample.Write(Path.Combine(folder, name), bytes);
            }

            Assert.True(Read(sample, folder, "undamaged"), sample.Kind);
            var names = sample.Files.Keys.ToArray();
            var read = 0;
            var files = Files / samples.Count;
            for (var i = 0; i < files; i++)
            {
                var random = new CounterRandom(17, RandomPurpose.Evaluation, number, i);
                var name = names[random.NextInt(names.Length)];
                Replace(sample, folder, name, Damage.Of(sample.Files[name], ref random));
                read += Read(sample, folder, $"file {i}, {name}") ? 1 : 0;
                if (names.Length > 1)
                {
                    Replace(sample, folder, name, sample.Files[name]);
                }
            }

            outcome.Add(sample.Kind, (read, files - read));
        }

        // Neither may everything be refused for a trifle, nor everything be let through.
        Assert.All(outcome, pair => Assert.True(pair.Value is { Read: > 10, Refused: > 100 }, $"{pair.Key}: {pair.Value}"));
        Assert.InRange(outcome.Sum(pair => pair.Value.Read + pair.Value.Refused), Files - samples.Count, Files);
    }

    /// <summary>Opens and reads all; false where the file was refused as it should be, or every tensor of it.</summary>
    private static bool Read(ContainerSample sample, string folder, string damage)
    {
        var length = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Sum(path => new FileInfo(path).Length);
        var path = Path.Combine(folder, sample.Entry);
        var tensors = Tensor.TotalCount;
        var before = GC.GetAllocatedBytesForCurrentThread();
        var largest = 0L;
        try
        {
            using var source = TensorSources.Open(path);
            var read = 0;
            foreach (var name in source.Names)
            {
                try
                {
                    using var tensor = source.ReadTensor(name);
                    largest = Math.Max(largest, tensor.numel() * tensor.ElementSize);
                    Assert.Equal(source.Describe(name).Shape, tensor.shape);
                    read++;
                }
                catch (CheckpointFormatException)
                {
                    // The others may be whole.
                }
            }

            return read > 0;
        }
        catch (Exception e) when (e is CheckpointFormatException or IOException and not EndOfStreamException)
        {
            return false;
        }
        catch (Exception e) when (e is not Xunit.Sdk.IAssertionException)
        {
            throw new InvalidOperationException($"{sample.Kind}, {damage}: {e.GetType()}", e);
        }
        finally
        {
            var managed = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.Equal(tensors, Tensor.TotalCount);
            Assert.True(managed <= ManagedConstant + (ManagedPerByte * length), $"{sample.Kind}, {damage}: {managed} bytes for {length}");
            Assert.True(largest <= TensorConstant + (TensorPerByte * length), $"{sample.Kind}, {damage}: a tensor of {largest} bytes from {length}");
        }
    }

    /// <summary>Deleting first is quicker: some file systems flush a file that is truncated and written again.</summary>
    private static void Replace(ContainerSample sample, string folder, string name, byte[] content)
    {
        var path = Path.Combine(folder, name);
        File.Delete(path);
        sample.Write(path, content);
    }
}
