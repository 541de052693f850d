using System.Buffers.Binary;
using System.Text;
using Flip.Native;
using Flip.Randomness;

namespace Flip.Tests.Native;

public class ElfVersionNeedsTests
{
    private const string Version = "GLIBCXX_3.4.32";
    private const int FlagsOffset = 256 + 16 + 16 + 4; // of the second entry: in the table, after its file and the first entry

    [Fact]
    public void A_requirement_becomes_weak_once_and_nothing_else_changes()
    {
        var image = TinyLibrary();
        var expected = TinyLibrary();
        expected[FlagsOffset] = 2;
        Assert.True(ElfVersionNeeds.MakeWeak(image, Version));
        Assert.Equal(expected, image);
        Assert.False(ElfVersionNeeds.MakeWeak(image, Version));
        Assert.Equal(expected, image);
    }

    [Fact]
    public void A_version_that_is_not_needed_changes_nothing()
    {
        var image = TinyLibrary();
        Assert.False(ElfVersionNeeds.MakeWeak(image, "GLIBCXX_3.4"));
        Assert.Equal(TinyLibrary(), image);
    }

    [Fact]
    public void The_library_of_TorchSharp_is_changed_in_one_byte()
    {
        var path = new[] { ".", "runtimes/linux-x64/native" }
            .Select(folder => Path.Combine(AppContext.BaseDirectory, folder, "libLibTorchSharp.so")).FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, "TorchSharp's Linux library is not beside the tests");
        var weak = File.ReadAllBytes(path!);
        ElfVersionNeeds.MakeWeak(weak, Version); // the start of the tests has done it already

        // An entry is the version's hash, then its flags.
        var entry = new byte[6];
        BinaryPrimitives.WriteUInt32LittleEndian(entry, Hash(Version));
        entry[4] = 2;
        var at = weak.AsSpan().IndexOf(entry);
        Assert.True(at >= 0);
        var image = weak.ToArray();
        image[at + 4] = 0;
        Assert.True(ElfVersionNeeds.MakeWeak(image, Version));
        Assert.Equal(weak, image);
    }

    [Fact]
    public void What_is_no_library_is_refused()
    {
        foreach (var content in new[] { "", "no library", new string('x', 5000) })
        {
            Assert.Throws<BadImageFormatException>(() => ElfVersionNeeds.MakeWeak(Encoding.ASCII.GetBytes(content), Version));
        }
    }

    [Fact]
    public void A_damaged_library_is_refused_or_read_and_never_another_error()
    {
        var whole = TinyLibrary();
        for (var length = 0; length < whole.Length; length++)
        {
            Assert.True(Outcome(whole[..length]), $"cut to {length} bytes");
        }

        for (var i = 0; i < 20_000; i++)
        {
            var random = new CounterRandom(1, RandomPurpose.Evaluation, item: i);
            var image = TinyLibrary();
            for (var change = 0; change <= i % 4; change++)
            {
                image[random.NextInt(image.Length)] = (byte)random.NextUInt32();
            }

            Assert.True(Outcome(image), $"damage {i}");
        }

        static bool Outcome(byte[] image)
        {
            try
            {
                ElfVersionNeeds.MakeWeak(image, Version);
                return true;
            }
            catch (Exception e)
            {
                return e is BadImageFormatException;
            }
        }
    }

    /// <summary>A header, three section headers (none, names, needs), the names at 320, and at 256 one needed file with two versions.</summary>
    private static byte[] TinyLibrary()
    {
        const int names = 320, needs = 256, headers = 64;
        var image = new byte[400];
        "\u007fELF\u0002\u0001"u8.CopyTo(image);
        Put(image, 40, headers);
        image[60] = 3;
        var text = Encoding.ASCII.GetBytes($"\0lib.so\0GLIBCXX_3.4.31\0{Version}\0");
        text.CopyTo(image, names);
        Section(image, headers + 64, type: 3, names, text.Length, linked: 0);
        Section(image, headers + 128, type: 0x6ffffffe, needs, 48, linked: 1);
        image[needs] = 1;
        image[needs + 2] = 2; // versions of the file
        Put(image, needs + 8, 16); // to its first version
        Put(image, needs + 16 + 8, 8); // the version's name
        Put(image, needs + 16 + 12, 16); // to the next version
        Put(image, needs + 32 + 8, 8 + Version.Length + 1);
        return image;
    }

    private static void Section(byte[] image, int header, int type, int offset, int size, int linked)
    {
        Put(image, header + 4, type);
        Put(image, header + 24, offset);
        Put(image, header + 32, size);
        Put(image, header + 40, linked);
    }

    private static void Put(byte[] image, int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(image.AsSpan(at), value);

    /// <summary>The hash of names in ELF (System V ABI, chapter 5).</summary>
    private static uint Hash(string name) => Encoding.ASCII.GetBytes(name).Aggregate(0u, (hash, c) =>
    {
        hash = (hash << 4) + c;
        var high = hash & 0xf0000000;
        return (hash ^ (high >> 24)) & ~high;
    });
}
